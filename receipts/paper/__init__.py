"""The receipt on paper: its QR code, as a picture and for receipt printers, and the receipt as a PDF."""
