-- JudgedValue: what is judged of a field: its value, or of a counter its rise, NULL where it fell.
CREATE OR REPLACE MACRO iot.JudgedValue(Value, ValueBefore, IsCounter) AS
CASE WHEN NOT IsCounter THEN Value WHEN Value >= ValueBefore THEN Value - ValueBefore END;
