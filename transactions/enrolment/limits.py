"""How often enrolment may be asked: so that codes cannot be guessed, and a till gone wild costs little."""

from possys.limits import Limit

# Requests of one address: a chain enrols hundreds of tills behind one, an attacker gets no more.
REQUESTS_OF_CLIENT = Limit("enrolment-requests", 1200, 60)
# Wrong codes of one address: a person with a sheet of codes mistypes some.
WRONG_OF_CLIENT = Limit("enrolment-wrong", 30, 3600, guards=True)
# Wrong codes of everybody together. At this rate, with 2.5 million codes open, a guess hits once in 80 million years;
# it stops what comes from very many addresses, and right codes for the rest of the hour with it.
WRONG_OF_ALL = Limit("enrolment-wrong-all", 20_000, 3600, guards=True)
EVERYBODY = "everybody"
# Renewals asked of one terminal; how many are carried out is counted in the database (operations.RENEWALS_A_DAY).
RENEWALS_OF_TERMINAL = Limit("credential-renewals", 60, 3600)
# Questions of one credential; a till asks at its start.
READS_OF_TERMINAL = Limit("terminal-reads", 120, 60)
