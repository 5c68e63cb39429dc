/**
 * The passwords of ten characters or more at the head of every published list of leaked ones (English,
 * German, keyboard rows), lower case. Short on purpose: throttling does the rest.
 */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `
  0123456789 0987654321 9876543210 1234567890 12345678910 123456789a 123456789q 1234567891 123123123123
  1234512345 123456123456 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc q1w2e3r4t5 zaq12wsxcde3 qazwsxedcrfv
  qwertyuiop qwertyuiop123 qwerty1234 qwerty12345 qwerty123456 qwertzuiop qwertz1234 qwertz12345
  asdfghjkl1 asdfghjkl123 asdfghjklö zxcvbnm123 yxcvbnm123 abcdefghij abcd123456 abc1234567 abc123456789
  a123456789 a1234567890 aa12345678 aa123456789 password12 password123 password1234 password12345
  password123! passwordpassword p@ssw0rd123 p@ssword123 passw0rd123 passwort12 passwort123 passwort1234
  passwort12345 administrator administrator1 admin12345 admin123456 adminadmin welcome123 welcome1234
  letmein123 letmein1234 changeme12 changeme123 changeme1234 iloveyou12 iloveyou123 football12 football123
  baseball12 baseball123 basketball sunshine12 sunshine123 princess12 princess123 superman12 superman123
  michelle123 charlie123 jordan23jordan trustno1trustno1 correcthorsebatterystaple willkommen willkommen1
  hallo12345 hallohallo geheim1234 schatz1234 sommer2024 sommer2025 sommer2026 winter2024 winter2025
  winter2026 doorbell12 doorbell123 doorbell1234 mydoorbell türklingel türklingel1
  `
    .trim()
    .split(/\s+/)
    .map((password) => password.normalize("NFKC")),
);
