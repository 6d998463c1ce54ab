-- Each element is looked into once for each of its values, which JSONB does without reading its text again.
DROP FUNCTION json_each(TEXT);
CREATE FUNCTION json_each(TEXT) RETURNS TABLE (value JSONB) LANGUAGE sql IMMUTABLE
AS 'SELECT jsonb_array_elements($1::jsonb)';
