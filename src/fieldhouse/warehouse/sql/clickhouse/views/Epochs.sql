-- A channel's lives between two clears.
CREATE OR REPLACE VIEW iot.Epochs AS
SELECT
    e.ChannelID AS ChannelID, e.Epoch AS Epoch, e.Life.StartedAt AS StartedAt, e.Life.LastEntryID AS LastEntryID,
    e.Life.LowestEntryID AS LowestEntryID, e.Life.HighestEntryID AS HighestEntryID,
    e.Life.NewestEntryID AS NewestEntryID, e.Life.NewestCreatedAt AS NewestCreatedAt,
    e.Life.IDsCheckedTo AS IDsCheckedTo, e.Life.FutureCheckedAt AS FutureCheckedAt, e.Life.Evidence AS Evidence,
    e.Life.FirstCreatedAt AS FirstCreatedAt, e.Life.LastCreatedAt AS LastCreatedAt, e.Life.BeganWith AS BeganWith,
    e.Life.IsJudged AS IsJudged, e.Life.SweptAt AS SweptAt, e.Life.SweptTo AS SweptTo,
    e.Life.AgainStart AS AgainStart, e.Life.AgainEnd AS AgainEnd, e.Life.Version AS Version
-- include life
;
