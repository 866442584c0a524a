-- How many entries of a run could not be readings and were new to iot.RejectedEntries.
ALTER TABLE iot.PipelineRuns ADD COLUMN Rejected BIGINT DEFAULT 0;
