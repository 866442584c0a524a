-- The readings and all that tells of them go; the tables are as new.
TRUNCATE TABLE seed.SensorReadings;
TRUNCATE TABLE seed.AggregatedData;
TRUNCATE TABLE iot.SensorReadings;
TRUNCATE TABLE iot.AggregatedData;
TRUNCATE TABLE iot.PeriodMarks;
TRUNCATE TABLE iot.LoadLedger;
TRUNCATE TABLE iot.AuditTrail;
TRUNCATE TABLE iot.Coverage;
TRUNCATE TABLE iot.Gaps;
TRUNCATE TABLE iot.Epochs;
TRUNCATE TABLE iot.StagedReadings;
TRUNCATE TABLE iot.ReadingCounts;
