DROP INDEX articles_status_idx;
