"""The registers of D30 Annex IV: on screen, printed, as XLSX, CSV and PDF; long ones by a job."""
