-- What is due next, among scheduled articles, which are few.
CREATE INDEX articles_scheduled_idx ON articles (published_at) WHERE deleted_at IS NULL AND status = 'scheduled';
