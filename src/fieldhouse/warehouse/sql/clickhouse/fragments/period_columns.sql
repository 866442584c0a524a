-- INSERT: the columns of a period that is recomputed.
    ChannelID, AggregationType, PeriodStart, PeriodEnd,
    Field#Avg, Field#Min, Field#Max, Field#StdDev, Field#Count, Field#Sum, -- each field
    ReadingCount, Version, Deleted
