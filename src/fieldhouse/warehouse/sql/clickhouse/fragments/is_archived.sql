-- WHERE: a reading is archived that was there when what is older than it was.
    arrayExists(
        c -> CreatedAt < c.1 AND ImportedAt <= c.2,
        (SELECT groupArray((k.CutBefore, k.CutAt)) FROM iot.ArchiveCuts AS k)
    )
