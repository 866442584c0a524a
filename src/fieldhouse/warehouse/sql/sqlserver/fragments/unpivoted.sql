    CROSS APPLY ( VALUES
        (#, m.Field#), -- each field
        (0, NULL)
    ) AS v (FieldNumber, Amount)
