DROP FUNCTION surviving_person;
DROP FUNCTION surviving_label;
