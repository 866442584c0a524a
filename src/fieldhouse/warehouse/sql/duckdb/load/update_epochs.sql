-- What the call proves of each channel's newest epoch; NULL leaves what we hold, ids only grow.
UPDATE iot.Epochs AS e
SET
    LastEntryID = coalesce(o.LastEntryID, e.LastEntryID),
    LowestEntryID = least(o.LowestEntryID, e.LowestEntryID),
    HighestEntryID = greatest(o.HighestEntryID, e.HighestEntryID),
    FirstCreatedAt = least(o.FirstCreatedAt, e.FirstCreatedAt),
    LastCreatedAt = greatest(o.LastCreatedAt, e.LastCreatedAt),
    NewestEntryID = CASE
        WHEN o.NewestCreatedAt > e.NewestCreatedAt OR e.NewestCreatedAt IS NULL THEN o.NewestEntryID
        WHEN o.NewestCreatedAt = e.NewestCreatedAt THEN greatest(o.NewestEntryID, e.NewestEntryID)
        ELSE e.NewestEntryID
    END,
    NewestCreatedAt = greatest(o.NewestCreatedAt, e.NewestCreatedAt),
    IDsCheckedTo = coalesce(o.IDsCheckedTo, e.IDsCheckedTo),
    FutureCheckedAt = coalesce(o.FutureCheckedAt, e.FutureCheckedAt),
    BeganWith = coalesce(e.BeganWith, o.BeganWith),
    IsJudged = coalesce(o.IsJudged, e.IsJudged),
    SweptTo = CASE WHEN o.SweptAt IS NOT NULL THEN o.SweptTo ELSE e.SweptTo END,
    SweptAt = coalesce(o.SweptAt, e.SweptAt),
    -- an empty span: nothing is left to be read again
    AgainStart = CASE
        WHEN o.AgainStart = o.AgainEnd THEN NULL ELSE coalesce(o.AgainStart, e.AgainStart)
    END,
    AgainEnd = CASE WHEN o.AgainStart = o.AgainEnd THEN NULL ELSE coalesce(o.AgainEnd, e.AgainEnd) END,
    Version = e.Version + o.Batches
FROM (
    SELECT
        unnest($ChannelID::BIGINT[]) AS ChannelID, unnest($Epoch::INTEGER[]) AS Epoch,
        unnest($LastEntryID::BIGINT[]) AS LastEntryID,
        unnest($LowestEntryID::BIGINT[]) AS LowestEntryID, unnest($HighestEntryID::BIGINT[]) AS HighestEntryID,
        unnest($FirstCreatedAt::TIMESTAMP[]) AS FirstCreatedAt,
        unnest($LastCreatedAt::TIMESTAMP[]) AS LastCreatedAt,
        unnest($NewestEntryID::BIGINT[]) AS NewestEntryID,
        unnest($NewestCreatedAt::TIMESTAMP[]) AS NewestCreatedAt,
        unnest($IDsCheckedTo::BIGINT[]) AS IDsCheckedTo,
        unnest($FutureCheckedAt::TIMESTAMP[]) AS FutureCheckedAt,
        unnest($BeganWith::BIGINT[]) AS BeganWith, unnest($IsJudged::BOOLEAN[]) AS IsJudged,
        unnest($SweptAt::TIMESTAMP[]) AS SweptAt, unnest($SweptTo::TIMESTAMP[]) AS SweptTo,
        unnest($AgainStart::TIMESTAMP[]) AS AgainStart, unnest($AgainEnd::TIMESTAMP[]) AS AgainEnd,
        unnest($Batches::BIGINT[]) AS Batches
) AS o
WHERE e.ChannelID = o.ChannelID AND e.Epoch = o.Epoch;
