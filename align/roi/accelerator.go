package roi

// Accelerator is what is published about a machine. Prices are none of it:
// whoever plans knows what they are quoted.
type Accelerator struct {
	ID       string
	Name     string
	Watts    float64 // largest draw of one board or module
	MemoryGB float64
	Source   string
}

// Accelerators returns the machines that a line may name. Every figure is the
// vendor's for the named form; where a name covers several, the one that is
// common in servers stands here, and an energy line may state its own watts.
func Accelerators() []Accelerator {
	return []Accelerator{
		{"ascend-910b", "Huawei Ascend 910B (Atlas 800T A2 module)", 400, 64, "memory: Gitee AI, Ascend 910B; power: vendors' listings of the module, Huawei publishes that of whole servers only"},
		{"ascend-310p", "Huawei Ascend 310P (Atlas 300I Pro)", 72, 24, "Huawei, Atlas 300I Pro inference card"},
		{"nvidia-a10", "NVIDIA A10", 150, 24, "NVIDIA A10 datasheet"},
		{"nvidia-l4", "NVIDIA L4", 72, 24, "NVIDIA L4 datasheet"},
		{"nvidia-l20", "NVIDIA L20", 275, 48, "vendors' listings; NVIDIA publishes no datasheet"},
		{"nvidia-l40s", "NVIDIA L40S", 350, 48, "NVIDIA L40S datasheet"},
		{"nvidia-a100", "NVIDIA A100 80GB SXM", 400, 80, "NVIDIA A100 datasheet"},
		{"nvidia-h20", "NVIDIA H20", 400, 96, "vendors' listings; NVIDIA publishes no datasheet"},
		{"nvidia-h100", "NVIDIA H100 SXM", 700, 80, "NVIDIA H100 datasheet"},
	}
}
