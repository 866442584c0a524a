-- What the call proves of each channel's newest epoch; NULL leaves what we hold, ids only grow.
UPDATE iot.Epochs AS e
SET
    LastEntryID = coalesce(o.LastEntryID, e.LastEntryID),
    LowestEntryID = least(o.LowestEntryID, e.LowestEntryID),
    HighestEntryID = greatest(o.HighestEntryID, e.HighestEntryID),
    NewestEntryID = CASE
        WHEN o.NewestCreatedAt > e.NewestCreatedAt OR e.NewestCreatedAt IS NULL THEN o.NewestEntryID
        WHEN o.NewestCreatedAt = e.NewestCreatedAt THEN greatest(o.NewestEntryID, e.NewestEntryID)
        ELSE e.NewestEntryID
    END,
    NewestCreatedAt = greatest(o.NewestCreatedAt, e.NewestCreatedAt),
    IDsCheckedTo = coalesce(o.IDsCheckedTo, e.IDsCheckedTo),
    FutureCheckedAt = coalesce(o.FutureCheckedAt, e.FutureCheckedAt)
FROM (
    SELECT
        unnest($ChannelID::BIGINT[]) AS ChannelID, unnest($Epoch::INTEGER[]) AS Epoch,
        unnest($LastEntryID::BIGINT[]) AS LastEntryID,
        unnest($LowestEntryID::BIGINT[]) AS LowestEntryID, unnest($HighestEntryID::BIGINT[]) AS HighestEntryID,
        unnest($NewestEntryID::BIGINT[]) AS NewestEntryID,
        unnest($NewestCreatedAt::TIMESTAMP[]) AS NewestCreatedAt,
        unnest($IDsCheckedTo::BIGINT[]) AS IDsCheckedTo,
        unnest($FutureCheckedAt::TIMESTAMP[]) AS FutureCheckedAt
) AS o
WHERE e.ChannelID = o.ChannelID AND e.Epoch = o.Epoch;
