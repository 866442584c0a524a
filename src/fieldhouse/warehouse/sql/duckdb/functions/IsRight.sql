-- IsRight: a value lies where people said that such is right, or a twentieth of that span beside it.
CREATE OR REPLACE MACRO iot.IsRight(Value, Low, High) AS
coalesce(Value >= Low - 0.05 * (High - Low) AND Value <= High + 0.05 * (High - Low), FALSE);
