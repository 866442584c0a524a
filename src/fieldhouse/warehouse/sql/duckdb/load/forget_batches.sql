-- A batch may be replayed for thirty days before its rows alone must recognise it.
DELETE FROM iot.LoadLedger WHERE LoadedAt < make_timestamp(epoch_us(now())) - INTERVAL 30 DAY;
