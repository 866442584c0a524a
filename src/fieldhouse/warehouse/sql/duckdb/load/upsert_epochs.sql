-- What the call proves of each channel's newest epoch; NULL leaves what we hold.
INSERT INTO iot.Epochs AS e (
    ChannelID, Epoch, StartedAt, LastEntryID, HighestEntryID, NewestEntryID, NewestCreatedAt, IDsCheckedTo, FutureCheckedAt
)
SELECT
    ChannelID, Epoch, NULL, LastEntryID, HighestEntryID, NewestEntryID, NewestCreatedAt,
    coalesce(IDsCheckedTo, 0), FutureCheckedAt
FROM offered_epochs
ON CONFLICT (ChannelID, Epoch) DO UPDATE SET
    LastEntryID = coalesce(excluded.LastEntryID, e.LastEntryID),
    HighestEntryID = greatest(excluded.HighestEntryID, e.HighestEntryID),
    NewestEntryID = CASE
        WHEN e.NewestCreatedAt IS NULL OR (excluded.NewestCreatedAt, excluded.NewestEntryID) > (e.NewestCreatedAt, e.NewestEntryID)
        THEN excluded.NewestEntryID ELSE e.NewestEntryID
    END,
    NewestCreatedAt = greatest(excluded.NewestCreatedAt, e.NewestCreatedAt),
    IDsCheckedTo = CASE WHEN excluded.IDsCheckedTo = 0 THEN e.IDsCheckedTo ELSE excluded.IDsCheckedTo END,
    FutureCheckedAt = coalesce(excluded.FutureCheckedAt, e.FutureCheckedAt);
