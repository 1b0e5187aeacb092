//! LAPACK's symbols over faer.
