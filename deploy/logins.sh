#!/bin/bash
# Run logins.sql with the passwords of /run/secrets, inside of the SQL Server image (for its sqlcmd).
#
# sqlcmd takes its scripting variables, and its own password, from the environment: on the command
# line, whoever lists the processes could read them.
set -euo pipefail

# Newer images have the tools in mssql-tools18, those from before July 2024 in mssql-tools.
PATH=$PATH:/opt/mssql-tools18/bin:/opt/mssql-tools/bin

# A password as it can stand between the quotes of a T-SQL literal.
secret() {
    local text quote="'"
    text=$(<"/run/secrets/$1")
    printf '%s' "${text//$quote/$quote$quote}"
}

LOADER_PASSWORD=$(secret loader_password)
READER_PASSWORD=$(secret reader_password)
OPERATOR_PASSWORD=$(secret operator_password)
SQLCMDPASSWORD=$(</run/secrets/sa_password)
export DB_NAME LOADER_PASSWORD READER_PASSWORD OPERATOR_PASSWORD SQLCMDPASSWORD

# -C trusts the server's self-signed certificate; -b ends at the first error, with exit code 1; -I has
# quoted identifiers, as every other client has.
exec sqlcmd -I -C -b -S "$DB_SERVER" -U sa -i /deploy/logins.sql
