DROP INDEX occurrences_anchor_idx;
DROP INDEX occurrences_fidelity_idx;
DROP INDEX occurrences_role_idx;
DROP INDEX quotes_created_at_id_idx;
DROP INDEX quotes_updated_at_id_idx;
DROP INDEX articles_title_id_idx;
DROP INDEX articles_created_at_id_idx;
DROP INDEX articles_updated_at_id_idx;
