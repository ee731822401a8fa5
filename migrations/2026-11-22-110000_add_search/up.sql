-- PostgreSQL's configurations with accents taken off first: "cafe" finds "café" and the other way round. Words of
-- ASCII letters have none to take off and keep their dictionaries.
DO $$
DECLARE
    language text;
BEGIN
    FOREACH language IN ARRAY ARRAY[
        'arabic', 'armenian', 'basque', 'catalan', 'danish', 'dutch', 'english', 'finnish', 'french', 'german', 'greek',
        'hindi', 'hungarian', 'indonesian', 'irish', 'italian', 'lithuanian', 'nepali', 'norwegian', 'portuguese',
        'romanian', 'russian', 'serbian', 'spanish', 'swedish', 'tamil', 'turkish', 'yiddish', 'simple']
    LOOP
        EXECUTE format('CREATE TEXT SEARCH CONFIGURATION search_%1$s (COPY = pg_catalog.%1$s)', language);
        EXECUTE format(
            'ALTER TEXT SEARCH CONFIGURATION search_%1$s ALTER MAPPING FOR word, hword, hword_part WITH unaccent, %2$I',
            language, CASE language WHEN 'simple' THEN 'simple' ELSE language || '_stem' END);
    END LOOP;
END
$$;

CREATE FUNCTION search_configuration(language text) RETURNS regconfig IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE split_part(lower(language), '-', 1)
    WHEN 'ar' THEN 'search_arabic'::regconfig
    WHEN 'hy' THEN 'search_armenian'::regconfig
    WHEN 'eu' THEN 'search_basque'::regconfig
    WHEN 'ca' THEN 'search_catalan'::regconfig
    WHEN 'da' THEN 'search_danish'::regconfig
    WHEN 'nl' THEN 'search_dutch'::regconfig
    WHEN 'en' THEN 'search_english'::regconfig
    WHEN 'fi' THEN 'search_finnish'::regconfig
    WHEN 'fr' THEN 'search_french'::regconfig
    WHEN 'de' THEN 'search_german'::regconfig
    WHEN 'el' THEN 'search_greek'::regconfig
    WHEN 'hi' THEN 'search_hindi'::regconfig
    WHEN 'hu' THEN 'search_hungarian'::regconfig
    WHEN 'id' THEN 'search_indonesian'::regconfig
    WHEN 'ga' THEN 'search_irish'::regconfig
    WHEN 'it' THEN 'search_italian'::regconfig
    WHEN 'lt' THEN 'search_lithuanian'::regconfig
    WHEN 'ne' THEN 'search_nepali'::regconfig
    WHEN 'nb' THEN 'search_norwegian'::regconfig
    WHEN 'nn' THEN 'search_norwegian'::regconfig
    WHEN 'no' THEN 'search_norwegian'::regconfig
    WHEN 'pt' THEN 'search_portuguese'::regconfig
    WHEN 'ro' THEN 'search_romanian'::regconfig
    WHEN 'ru' THEN 'search_russian'::regconfig
    WHEN 'sr' THEN 'search_serbian'::regconfig
    WHEN 'es' THEN 'search_spanish'::regconfig
    WHEN 'sv' THEN 'search_swedish'::regconfig
    WHEN 'ta' THEN 'search_tamil'::regconfig
    WHEN 'tr' THEN 'search_turkish'::regconfig
    WHEN 'yi' THEN 'search_yiddish'::regconfig
    ELSE 'search_simple'::regconfig
END;
COMMENT ON FUNCTION search_configuration IS 'How the words of a language, a BCP 47 tag, are compared: search_simple where PostgreSQL does not know it.';

-- A vector holds at most 1 MB, and text of many rare words reaches that before its own length does: what does not fit
-- is cut until it does, so that no body is refused for the sake of its search.
CREATE FUNCTION search_vector(configuration regconfig, title text, summary text, body text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    part text := left(body, 500000);
BEGIN
    LOOP
        BEGIN
            RETURN setweight(to_tsvector(configuration, title), 'A')
                || setweight(to_tsvector(configuration, coalesce(summary, '')), 'B')
                || setweight(to_tsvector(configuration, part), 'C');
        EXCEPTION WHEN program_limit_exceeded THEN
            part := left(part, char_length(part) / 2);
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION search_vector IS 'What an article is found by: its title, its summary and the first 500,000 characters of its body, or as many as fit.';

ALTER TABLE articles ADD COLUMN search tsvector NOT NULL
    GENERATED ALWAYS AS (search_vector(search_configuration(language), title, summary, body_text)) STORED;
COMMENT ON COLUMN articles.search IS 'The words of title, summary and body, compared as in the article''s language.';
CREATE INDEX articles_search_idx ON articles USING gin (search);
-- Also tells, by skipping from one language to the next, which languages there are.
CREATE INDEX articles_language_idx ON articles (language, public_from DESC, id DESC);

-- Quotes have no language of their own. English stems and leaves out English stop words; words of other languages it
-- leaves nearly as they are, so that these are found as they are written.
ALTER TABLE quotes ADD COLUMN search tsvector NOT NULL
    GENERATED ALWAYS AS (to_tsvector('search_english'::regconfig, text)) STORED;
COMMENT ON COLUMN quotes.search IS 'The words of the text, compared as English ones.';
CREATE INDEX quotes_search_idx ON quotes USING gin (search);

-- Names by the beginnings of their words, and by likeness.
CREATE INDEX people_normalised_name_words_idx ON people USING gin (to_tsvector('simple'::regconfig, normalised_name));
CREATE INDEX people_normalised_name_trgm_idx ON people USING gin (normalised_name gin_trgm_ops);
CREATE INDEX person_aliases_normalised_name_words_idx
    ON person_aliases USING gin (to_tsvector('simple'::regconfig, normalised_name));
CREATE INDEX person_aliases_normalised_name_trgm_idx ON person_aliases USING gin (normalised_name gin_trgm_ops);
CREATE INDEX label_names_normalised_name_words_idx
    ON label_names USING gin (to_tsvector('simple'::regconfig, normalised_name));
CREATE INDEX label_names_normalised_name_trgm_idx ON label_names USING gin (normalised_name gin_trgm_ops);
