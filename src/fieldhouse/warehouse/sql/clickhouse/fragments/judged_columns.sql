-- INSERT: the columns of a day that is judged.
    ChannelID, CheckDate, TotalReadings, MissingReadings, OutOfRangeReadings, AnomaliesDetected, QualityScore,
    CadenceSeconds, ExpectedReadings, AbsentReadings, RangesConfigured, Notes, AsOfTime
