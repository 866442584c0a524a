-- What a run read, if not ThingSpeak's channel: the names of files.
ALTER TABLE iot.PipelineRuns ADD Source NVARCHAR(MAX);
