DROP TABLE segments;
DROP TABLE occurrences;
DROP TABLE quote_external_ids;
DROP TABLE quotes;
