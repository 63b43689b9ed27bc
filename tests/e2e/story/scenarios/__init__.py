"""What only a cluster can show: policies, killed containers, nodes that go."""
