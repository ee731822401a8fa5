DROP TABLE person_external_ids;
DROP TABLE affiliations;
DROP TABLE person_aliases;
ALTER TABLE people DROP CONSTRAINT people_current_slug_fkey;
DROP TABLE person_slugs;
DROP TABLE people;
