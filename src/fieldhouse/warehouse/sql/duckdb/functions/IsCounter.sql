-- IsCounter: a field that rises, and in two days or more fell back in no more than one step of fifty.
CREATE OR REPLACE MACRO iot.IsCounter(Days, Ups, Downs) AS
Days >= 2 AND Ups >= 50 AND 50 * Downs <= Ups;
