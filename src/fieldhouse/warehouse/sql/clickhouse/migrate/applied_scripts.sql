-- What has been applied, and with which text.
SELECT ScriptName, Checksum FROM iot.Scripts FINAL;
