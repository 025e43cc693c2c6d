package roi

// Accelerator is what is published about a machine. Prices are none of it:
// whoever plans knows what they are quoted.
type Accelerator struct {
	ID       string
	Name     string
	Watts    float64 // largest draw of one board or module
	MemoryGB float64
	// Source is the page that both figures were read from. Without one they
	// are what the machine is commonly said to draw and hold, and count as
	// assumed.
	Source string
}

// Accelerators returns the machines that a line may name. Where a name covers
// several forms, the one that is common in servers stands here; an energy line
// may state its own watts instead.
func Accelerators() []Accelerator {
	return []Accelerator{
		{"ascend-910b", "Huawei Ascend 910B", 400, 64, ""},
		{"ascend-310p", "Huawei Ascend 310P (Atlas 300I Pro)", 72, 24, ""},
		{"nvidia-a10", "NVIDIA A10", 150, 24, ""},
		{"nvidia-l4", "NVIDIA L4", 72, 24, ""},
		{"nvidia-l20", "NVIDIA L20", 275, 48, "topcpu.net, NVIDIA A40 PCIe vs NVIDIA L20"},
		{"nvidia-l40s", "NVIDIA L40S", 350, 48, "huggingface.co/hardware/l40s"},
		{"nvidia-a100", "NVIDIA A100 80GB SXM", 400, 80, ""},
		{"nvidia-h20", "NVIDIA H20", 400, 96, "willitrunai.com, H20 96GB"},
		{"nvidia-h100", "NVIDIA H100 SXM", 700, 80, "achoenix.github.io, NVIDIA systems"},
	}
}
