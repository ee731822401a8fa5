DROP TRIGGER changes_notify_trigger ON changes;
DROP FUNCTION notify_of_changes;
