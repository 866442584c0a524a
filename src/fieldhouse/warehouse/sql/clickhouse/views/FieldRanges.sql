-- The plausible range of a field, as the settings have it; NULL is open.
CREATE OR REPLACE VIEW iot.FieldRanges AS
-- include field_ranges
;
