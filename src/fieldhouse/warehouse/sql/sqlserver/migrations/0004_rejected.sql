-- How many entries of a run, and of a load, could not be readings and were new to iot.RejectedEntries.
ALTER TABLE iot.PipelineRuns ADD Rejected BIGINT NOT NULL CONSTRAINT DF_PipelineRuns_Rejected DEFAULT 0;
ALTER TABLE iot.AuditTrail ADD Rejected BIGINT NOT NULL CONSTRAINT DF_AuditTrail_Rejected DEFAULT 0;
