//! I/O: the node agent over client and cri.
