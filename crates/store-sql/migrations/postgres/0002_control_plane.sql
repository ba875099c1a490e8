-- Documents: every table of the control plane is made from `document.sql`, before these.

CREATE INDEX members_of_user ON members (name);
