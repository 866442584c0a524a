-- What people say of incidents.
CREATE OR REPLACE VIEW iot.AnomalyLabels AS
-- include anomaly_labels
;
