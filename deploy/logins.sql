/*
Logins for a Fieldhouse database: one that loads, one that reads, one that operates. SQL Server 2019
or newer. Run it after "fieldhouse migrate --create", which makes the roles, as often as you like:
what is there stays, a changed password is set, and a user whose login is another server's (after a
restore) is tied to this server's.

It is written for sqlcmd, which puts in the variables DB_NAME, LOADER_PASSWORD, READER_PASSWORD and
OPERATOR_PASSWORD. Set them in the environment, or with -v; double a single quote in a password.
Whoever runs it must be allowed to make logins and be db_owner of the database:

    sqlcmd -I -b -S db.example.org -E -i logins.sql

Without a login of SQL Server, a Windows or Entra account takes the same role. In the database:

    CREATE USER [EXAMPLE\svc-fieldhouse] FOR LOGIN [EXAMPLE\svc-fieldhouse];
    ALTER ROLE iot_loader ADD MEMBER [EXAMPLE\svc-fieldhouse];

Azure SQL Database has no USE, and its users best live in the database itself. Connect to it and run,
for each of the three (or FROM EXTERNAL PROVIDER in place of the password, for Entra):

    CREATE USER fieldhouse_loader WITH PASSWORD = N'...';
    ALTER ROLE iot_loader ADD MEMBER fieldhouse_loader;
*/
SET NOCOUNT ON;
USE [$(DB_NAME)];
GO

IF DATABASE_PRINCIPAL_ID(N'iot_loader') IS NULL
   OR DATABASE_PRINCIPAL_ID(N'iot_reader') IS NULL
   OR DATABASE_PRINCIPAL_ID(N'iot_operator') IS NULL
    THROW 50000, N'The roles are not there yet: run fieldhouse migrate --create first.', 1;
IF N'' IN (N'$(LOADER_PASSWORD)', N'$(READER_PASSWORD)', N'$(OPERATOR_PASSWORD)')
    THROW 50000, N'A password is empty.', 1;
GO

-- What the pipeline logs in as: it may run what a run calls, and nothing else.
IF SUSER_ID(N'fieldhouse_loader') IS NULL
    CREATE LOGIN fieldhouse_loader WITH PASSWORD = N'$(LOADER_PASSWORD)', DEFAULT_DATABASE = [$(DB_NAME)];
ELSE IF NOT EXISTS (
       SELECT 1
       FROM sys.sql_logins AS l
       WHERE l.name = N'fieldhouse_loader'
           AND PWDCOMPARE(N'$(LOADER_PASSWORD)', l.password_hash) = 1
   )
    ALTER LOGIN fieldhouse_loader WITH PASSWORD = N'$(LOADER_PASSWORD)';

IF DATABASE_PRINCIPAL_ID(N'fieldhouse_loader') IS NULL
    CREATE USER fieldhouse_loader FOR LOGIN fieldhouse_loader;
ELSE
    ALTER USER fieldhouse_loader WITH LOGIN = fieldhouse_loader;
ALTER ROLE iot_loader ADD MEMBER fieldhouse_loader;
GO

-- For dashboards and people: it may select, and call the procedures that only read.
IF SUSER_ID(N'fieldhouse_reader') IS NULL
    CREATE LOGIN fieldhouse_reader WITH PASSWORD = N'$(READER_PASSWORD)', DEFAULT_DATABASE = [$(DB_NAME)];
ELSE IF NOT EXISTS (
       SELECT 1
       FROM sys.sql_logins AS l
       WHERE l.name = N'fieldhouse_reader'
           AND PWDCOMPARE(N'$(READER_PASSWORD)', l.password_hash) = 1
   )
    ALTER LOGIN fieldhouse_reader WITH PASSWORD = N'$(READER_PASSWORD)';

IF DATABASE_PRINCIPAL_ID(N'fieldhouse_reader') IS NULL
    CREATE USER fieldhouse_reader FOR LOGIN fieldhouse_reader;
ELSE
    ALTER USER fieldhouse_reader WITH LOGIN = fieldhouse_reader;
ALTER ROLE iot_reader ADD MEMBER fieldhouse_reader;
GO

-- For who looks after it: it may call every procedure, to archive or to aggregate by hand.
IF SUSER_ID(N'fieldhouse_operator') IS NULL
    CREATE LOGIN fieldhouse_operator WITH PASSWORD = N'$(OPERATOR_PASSWORD)', DEFAULT_DATABASE = [$(DB_NAME)];
ELSE IF NOT EXISTS (
       SELECT 1
       FROM sys.sql_logins AS l
       WHERE l.name = N'fieldhouse_operator'
           AND PWDCOMPARE(N'$(OPERATOR_PASSWORD)', l.password_hash) = 1
   )
    ALTER LOGIN fieldhouse_operator WITH PASSWORD = N'$(OPERATOR_PASSWORD)';

IF DATABASE_PRINCIPAL_ID(N'fieldhouse_operator') IS NULL
    CREATE USER fieldhouse_operator FOR LOGIN fieldhouse_operator;
ELSE
    ALTER USER fieldhouse_operator WITH LOGIN = fieldhouse_operator;
ALTER ROLE iot_operator ADD MEMBER fieldhouse_operator;
GO

-- Who is in which role now.
SELECT r.name AS RoleName, m.name AS MemberName
FROM sys.database_role_members AS rm
INNER JOIN sys.database_principals AS r ON r.principal_id = rm.role_principal_id
INNER JOIN sys.database_principals AS m ON m.principal_id = rm.member_principal_id
WHERE r.name LIKE N'iot[_]%'
ORDER BY r.name, m.name;
GO
