-- The readings that count, as derived fields are made of them: values as floats, and the instant in Unix seconds.
CREATE OR REPLACE VIEW iot.DerivableReadings AS
SELECT
    r.ChannelID, r.Epoch, r.EntryID, r.CreatedAt, epoch_us(r.CreatedAt) / 1e6 AS AtSecond,
    r.Field#::DOUBLE AS Field# -- each field, comma between
FROM iot.CountedReadings AS r;
