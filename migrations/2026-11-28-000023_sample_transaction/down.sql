alter table meter_samples drop column transaction_key;
