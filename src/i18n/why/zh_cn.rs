//! 简体中文。

use crate::controllers::reason::{ClaimTrouble, Reason};
use crate::controllers::statefulset::wait::Wait;

/// The sentence of a reason; its braces are numbered as [`crate::explain::arguments`] fills them.
pub(super) fn sentence(reason: &Reason) -> &'static str {
    match reason {
        Reason::StatefulSet(wait) => of_wait(wait),
        Reason::NoStorageClass => "该 PVC 没有指定存储类，集群没有默认存储类，现有的卷也都不合适。",
        Reason::StorageClassMissing { .. } => "不存在存储类 {0}。",
        Reason::NoVolumeFits { .. } => "存储类 {0} 没有制备器，现有的卷也都不适合该 PVC。{1}",
        Reason::WaitForFirstConsumer { .. } => {
            "存储类 {0} 要等使用该 PVC 的 Pod 被调度时才绑定，而现在还没有这样的 Pod。"
        }
        Reason::WaitForPodScheduled { .. } => "卷会与节点一起选定，要先为 {0} 找到节点。",
        Reason::WaitForProvisioner { down: true, .. } => "已向 {0} 申请卷，但它没有运行。",
        Reason::WaitForProvisioner { .. } => "已向 {0} 申请卷，正在制备。",
        Reason::VolumeMissing { .. } => "该 PVC 指名要卷 {0}，但它不存在。",
        Reason::VolumeMismatch { .. } => "该 PVC 指名要卷 {0}，但它不合适（{1}）。",
        Reason::VolumeTaken { .. } => "该 PVC 指名要卷 {0}，但它属于 {1}。",
        Reason::ClaimLost { .. } => "该 PVC 的卷 {0} 已不存在，上面的数据已丢失。",
        Reason::Resizing { on_node: true, .. } => "卷已从 {0} 扩大到 {1}，文件系统将在 Pod 所在的节点上随之扩大。",
        Reason::Resizing { .. } => "卷正在从 {0} 扩大到 {1}。",
        Reason::ClaimInUse { .. } => "该 PVC 已被删除，但只要还有 Pod 在使用就会保留：{0}。",
        Reason::VolumeInUse { .. } => "该卷已被删除，但只要还绑定到 {0} 就会保留。",
        Reason::VolumeRetained { .. } => {
            "PVC {0} 已不存在。卷和数据会保留到有人处理为止（Retain），新的 PVC 不会得到它。"
        }
        Reason::ServiceMissing { .. } => {
            "该 StatefulSet 指定了 Service {0}，但它不存在。Pod 启动前没有组件会检查它；只是这些 Pod 没有 DNS 名称。"
        }
        Reason::ServiceNotHeadless { .. } => {
            "Service {0} 有自己的地址。只有在无头服务（clusterIP: None）之下，Pod 才有 DNS 名称。"
        }
        Reason::ServiceSelectsOthers { .. } => {
            "Service {0} 的选择算符与该 Pod 的标签不匹配，所以没有它的端点，也没有它的 DNS 名称。"
        }
        Reason::SchedulingGated { .. } => "在移除下列调度门控之前，该 Pod 不会被调度：{0}。",
        Reason::ClaimNotUsable { why: ClaimTrouble::Missing, .. } => "该 Pod 的 PVC {0} 不存在。",
        Reason::ClaimNotUsable { why: ClaimTrouble::Lost, .. } => "该 Pod 的 PVC {0} 已失去它的卷。",
        Reason::ClaimNotUsable { why: ClaimTrouble::Deleting, .. } => "该 Pod 的 PVC {0} 正在被删除。",
        Reason::ClaimNotUsable { why: ClaimTrouble::Unbound, .. } => "该 Pod 的 PVC {0} 还没有卷。",
        Reason::Unschedulable { .. } => "没有合适的节点。{0}",
        Reason::BindingVolumes { .. } => "该 Pod 正在等待它的 PVC：{0}。{1}",
        Reason::NodeLost { .. } => {
            "节点 {0} 没有响应。没有人知道该 Pod 是否还在那里运行，所以不会创建同名的第二个 Pod：要么节点恢复，要么删除该节点，要么强制删除该 Pod。"
        }
        Reason::SettingUp => "节点正在准备该 Pod 的沙箱和卷。",
        Reason::Missing { .. } => "该 Pod 引用的对象不存在，正在等待：{0}。",
        Reason::ImagePullBackOff { .. } => "容器 {0} 的镜像 {1} 无法拉取，下一次尝试在 {2}。",
        Reason::CrashLoopBackOff { .. } => "容器 {0} 在重启 {2} 次后以退出码 {1} 结束，下一次启动在 {3}。",
        Reason::InitContainerNotDone { .. } => "Init 容器 {0} 尚未完成，后面的容器都在等待。",
        Reason::ProbeFailing { .. } => "容器 {0} 的 {1} 探针没有成功。",
        Reason::ReadinessGate { .. } => "该 Pod 的就绪门控 {0} 尚未满足。",
        Reason::Ending { .. } => "该 Pod 正在结束，宽限期到 {0} 为止。",
        Reason::TaintEviction { .. } => "节点 {0} 带有该 Pod 只能容忍到 {1} 的污点，届时它会被删除。",
        Reason::BudgetRefuses { .. } => {
            "有人要驱逐该 Pod，但 Pod 干扰预算 {0} 拒绝：它要求 {1} 个健康的 Pod，而现在有 {2} 个。"
        }
        Reason::NoDisruptionAllowed { .. } => {
            "该预算目前不允许任何干扰：它要求 {0} 个健康的 Pod，而现在有 {1} 个。它只限制驱逐，不限制滚动更新。"
        }
        Reason::BudgetFailed { .. } => "无法计算该预算的状态：{0}",
        Reason::Finalizers { .. } => "该对象已被删除，但在移除下列终结器之前会保留：{0}。",
        Reason::Dependents { .. } => "该对象以前台方式删除，正在等待它的附属对象：{0}。",
        Reason::NamespaceContents { .. } => "该名字空间已被删除，但其中仍有对象：{0}。",
        Reason::Failed { .. } => "上一次尝试失败，将会重试：{0}",
    }
}

fn of_wait(wait: &Wait) -> &'static str {
    match wait {
        Wait::SetTerminating => "该 StatefulSet 正在被删除，控制器只做统计。",
        Wait::PodCreated { .. } => {
            "Pod {0} 刚刚创建。在 OrderedReady 策略下，要等它 Running 且 Ready 之后，下一个序号才会开始。"
        }
        Wait::PodEnded { .. } => "Pod {0} 已经结束。控制器先将其删除，再以相同的名称重新创建。",
        Wait::PodTerminating { .. } => {
            "Pod {0} 正在终止。在它消失之前，不能存在同名的其他 Pod，后面的序号也要等待（OrderedReady）。"
        }
        Wait::PodNotReady { outdated: true, .. } => {
            "Pod {0} 没有 Running 且 Ready，而且还是旧修订版本。控制器在更新之前会先等待它，所以修正后的模板不会替换它：必须有人将其删除（kubernetes/kubernetes#67250）。"
        }
        Wait::PodNotReady { .. } => "Pod {0} 没有 Running 且 Ready。在 OrderedReady 策略下，它之后的一切都要等待。",
        Wait::PodNotAvailable { .. } => "Pod {0} 已 Ready，但持续时间还没有达到 minReadySeconds（{1} 秒）。",
        Wait::ClaimStale { .. } => {
            "Pod {0} 还不能创建：它的 PVC 属于此前的同名 Pod，会随之删除（whenScaled: Delete）。"
        }
        Wait::ClaimTerminating { .. } => "PVC {0} 正在被删除。控制器等它消失后再创建新的。",
        Wait::Refused { .. } => "API 服务器拒绝了 {0} {1}：{2}",
        Wait::CondemnedTerminating { .. } => "正在缩容：Pod {0} 正在终止，等它消失后才轮到下一个更低的序号。",
        Wait::CondemnedNotReady { .. } => {
            "缩容停在 Pod {0} 之前：它没有 Running 且 Ready，而 Pod {1} 是第一个不可用的 Pod。"
        }
        Wait::CondemnedNotAvailable { .. } => "缩容停在 Pod {0} 之前：它尚不可用，而 Pod {1} 是第一个不可用的 Pod。",
        Wait::CondemnedDeleted { .. } => "正在缩容：Pod {0} 已被删除，等它消失后才轮到下一个更低的序号。",
        Wait::OnDelete { .. } => "更新策略为 OnDelete 时，下列 Pod 会保持旧修订版本，直到有人将其删除：{0}。",
        Wait::Partition { .. } => "{0}：序号小于分区 {1}，所以 Pod 保持当前修订版本。",
        Wait::MaxUnavailable { .. } => "{0} 需要等待：更新期间最多允许 {1} 个 Pod 不可用，目前不可用的有：{2}。",
        Wait::Updating { .. } => "更新正在等待 Pod {0} 变为可用；每次只更新一个 Pod。",
        Wait::Recreating { .. } => "更新策略为 Recreate 时，要等所有旧修订版本的 Pod 消失后才会创建新的 Pod：{0}。",
        Wait::TooManyReplicas { .. } => {
            "该 StatefulSet 要求 {0} 个 Pod。这是合法的，但这里最多模拟 {1} 个，所以不会为它做任何事。"
        }
        Wait::Failed { .. } => "上一次同步失败，将会重试：{0}",
    }
}
