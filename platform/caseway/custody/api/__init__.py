"""The graph's face of custody: orders, the chain of holders, and every mutation that moves a case."""
