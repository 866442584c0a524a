-- A script has been applied; an object's again.
INSERT INTO iot.Scripts (ScriptName, Checksum) VALUES ({name:String}, {checksum:String});
