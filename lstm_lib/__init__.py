"""RNN, LSTM and GRU with their gradients, as the book Gradients Through Time derives them."""
