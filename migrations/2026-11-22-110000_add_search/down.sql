DROP INDEX label_names_normalised_name_trgm_idx;
DROP INDEX label_names_normalised_name_words_idx;
DROP INDEX person_aliases_normalised_name_trgm_idx;
DROP INDEX person_aliases_normalised_name_words_idx;
DROP INDEX people_normalised_name_trgm_idx;
DROP INDEX people_normalised_name_words_idx;
ALTER TABLE quotes DROP COLUMN search;
DROP INDEX articles_language_idx;
ALTER TABLE articles DROP COLUMN search;
DROP FUNCTION search_vector;
DROP FUNCTION search_configuration;
DO $$
DECLARE
    configuration text;
BEGIN
    FOR configuration IN SELECT cfgname FROM pg_ts_config
        WHERE cfgname LIKE 'search\_%' AND cfgnamespace = current_schema()::regnamespace
    LOOP
        EXECUTE format('DROP TEXT SEARCH CONFIGURATION %I', configuration);
    END LOOP;
END
$$;
