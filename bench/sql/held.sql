-- How many readings there are, in both tables together.
SELECT COUNT(*) + (SELECT COUNT(*) FROM seed.SensorReadings) AS Held FROM iot.SensorReadings;
