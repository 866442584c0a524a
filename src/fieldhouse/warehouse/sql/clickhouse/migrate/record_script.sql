-- These scripts have been applied; an object's again.
INSERT INTO iot.Scripts (ScriptName, Checksum)
SELECT z.1, z.2
FROM (SELECT arrayJoin(arrayZip({names:Array(String)}, {checksums:Array(String)})) AS z);
