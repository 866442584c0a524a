-- The readings that count, as iot.CurrentReadings has them, archived ones among them.
CREATE OR REPLACE VIEW iot.CountedReadings AS
-- include counted_readings
;
