//! Files from elsewhere: fetched, verified, decoded.
