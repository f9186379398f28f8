package kmssim

func addProse(module map[string]any) {}
