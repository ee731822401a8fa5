-- Editors list drafts and archived articles, which are few beside the public ones; the latter, and scheduled ones, are
-- ranges of public_from.
CREATE INDEX articles_status_idx ON articles (status) WHERE deleted_at IS NULL AND status IN ('draft', 'archived');
