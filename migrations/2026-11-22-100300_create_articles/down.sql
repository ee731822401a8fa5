DROP TABLE article_revisions;
DROP TABLE article_sources;
DROP TABLE article_labels;
DROP TABLE article_authors;
DROP TABLE article_external_ids;
ALTER TABLE articles DROP CONSTRAINT articles_current_slug_fkey;
DROP TABLE article_slugs;
DROP TABLE articles;
