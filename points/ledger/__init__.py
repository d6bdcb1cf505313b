"""The ledger: books, lots, holds, reversals, verification."""
