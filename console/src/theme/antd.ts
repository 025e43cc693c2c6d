import { theme, type ThemeConfig } from 'antd'
import { palettes, type Mode } from './palette'

export const fonts = "'Inter Landfall', system-ui, -apple-system, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif"
export const mono = "ui-monospace, 'SF Mono', 'Cascadia Mono', Consolas, 'Liberation Mono', 'Noto Sans Mono CJK SC', monospace"

/** antd's tokens, from the palette. Hashed class names are off and CSS variables on: that keeps the first page small. */
export function antdTheme(mode: Mode): ThemeConfig {
  const p = palettes[mode]
  return {
    algorithm: mode === 'dark' ? theme.darkAlgorithm : theme.defaultAlgorithm,
    hashed: false,
    cssVar: { key: 'lf' },
    token: {
      fontFamily: fonts, fontFamilyCode: mono, fontSize: 14, lineHeight: 1.6, controlHeight: 34,
      borderRadius: 4, borderRadiusSM: 3, borderRadiusLG: 6,
      colorPrimary: p.accent, colorPrimaryHover: p.accent_hover, colorPrimaryActive: p.accent_hover, colorPrimaryBg: p.accent_soft,
      colorLink: p.accent, colorLinkHover: p.accent_hover, colorInfo: p.accent,
      colorSuccess: p.pass, colorError: p.fail, colorWarning: p.insufficient,
      colorErrorText: p.fail, colorErrorBorder: p.fail,
      colorText: p.text, colorTextSecondary: p.soft, colorTextTertiary: p.faint, colorTextQuaternary: p.faint,
      colorTextDescription: p.soft, colorTextPlaceholder: p.faint, colorTextHeading: p.text, colorTextLabel: p.soft,
      colorBgBase: p.ground, colorBgContainer: p.raised, colorBgElevated: p.raised, colorBgLayout: p.ground,
      colorBorder: p.line, colorBorderSecondary: p.soft_line, colorSplit: p.soft_line,
      colorTextLightSolid: p.on_accent,
      motionDurationMid: '0.12s', motionDurationSlow: '0.16s',
      boxShadow: 'none', boxShadowTertiary: 'none',
    },
    components: {
      // The dark algorithm washes the primary button out.
      Button: { algorithm: false, primaryShadow: 'none', defaultShadow: 'none', dangerShadow: 'none', colorPrimary: p.accent, colorPrimaryHover: p.accent_hover, primaryColor: p.on_accent, fontWeight: 500 },
      Form: { labelColor: p.soft, itemMarginBottom: 20, verticalLabelPadding: '0 0 4px' },
      Modal: { titleFontSize: 17, headerBg: p.raised, contentBg: p.raised },
      Segmented: { trackBg: p.sunken, itemSelectedBg: p.raised, itemColor: p.soft, itemHoverColor: p.text },
      Select: { optionSelectedBg: p.accent_soft },
      Progress: { defaultColor: p.soft, remainingColor: p.soft_line },
    },
  }
}
